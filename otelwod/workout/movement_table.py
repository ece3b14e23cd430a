"""The movements that have a canonical id: one line each, ``name: alias, alias``, by category.

Names are open terms of training. Spelling, case, hyphens, spaces and a plural ``s`` do not matter to a look-up, so an
alias stands here only where the word is another one. ``barbell`` loads count towards the strength format.
"""

from __future__ import annotations

from typing import Final

TABLE: Final[dict[str, str]] = {
    "squat": """
        Air Squat: Squat, Bodyweight Squat, AS
        Back Squat: BS, High Bar Squat, Low Bar Squat
        Front Squat: FS
        Overhead Squat: OHS, OH Squat
        Goblet Squat: GS
        Box Squat
        Zercher Squat
        Pause Squat: Paused Squat, Paused Back Squat, Pause Back Squat
        Jump Squat: Jumping Squat, Squat Jump
        Pistol: Pistol Squat, Single Leg Squat, One Legged Squat
        Bulgarian Split Squat: BSS, Rear Foot Elevated Split Squat, RFESS
        Split Squat
        Hack Squat
        Cossack Squat
        Wall Sit
    """,
    "lunge": """
        Lunge: Forward Lunge
        Walking Lunge
        Reverse Lunge
        Overhead Lunge: OH Lunge, Overhead Walking Lunge, OH Walking Lunge, OHWL, OHL
        Jumping Lunge: Lunge Jump, Split Jump
        Front Rack Lunge: FR Lunge, Front Rack Walking Lunge
        Lateral Lunge: Side Lunge
        Dumbbell Lunge: DB Lunge, DB Walking Lunge, Dumbbell Walking Lunge
        Step-up: Box Step Up, DB Step Up, Dumbbell Step Up, Weighted Step Up, DB Box Step Up
    """,
    "hinge": """
        Deadlift: DL, Conventional Deadlift, Deads
        Sumo Deadlift
        Romanian Deadlift: RDL
        Stiff Leg Deadlift: SLDL, Stiff Legged Deadlift
        Trap Bar Deadlift: Hex Bar Deadlift
        Single Leg Deadlift: SL Deadlift, Single Leg RDL
        Dumbbell Deadlift: DB Deadlift
        Kettlebell Deadlift: KB Deadlift
        Good Morning: GM
        Hip Thrust
        Glute Bridge
        Back Extension: Hyperextension
        Hip Extension
        GHD Hip Extension
        Kettlebell Swing: KBS, KB Swing, Swing, American Swing, American KB Swing, AKBS
        Russian Kettlebell Swing: Russian Swing, Russian KB Swing, RKBS
        Single Arm Kettlebell Swing: Single Arm KB Swing, One Arm KB Swing
    """,
    "olympic": """
        Clean: Squat Clean, Full Clean
        Power Clean: PC
        Hang Clean: Hang Squat Clean, HSC
        Hang Power Clean: HPC
        Muscle Clean
        Clean and Jerk: C&J, CJ, Clean & Jerk, Clean n Jerk, C+J
        Power Clean and Jerk: PC&J, Power Clean & Jerk
        Clean and Press: Clean & Press
        Clean Pull
        Jerk: Shoulder to Overhead Jerk
        Push Jerk: PJ
        Split Jerk: SJ
        Power Jerk
        Snatch: Squat Snatch, Full Snatch
        Power Snatch: PS, PSN
        Hang Snatch: Hang Squat Snatch
        Hang Power Snatch: HPS
        Muscle Snatch
        Snatch Pull
        Snatch Balance
        Ground to Overhead: GTO, G2O, G2OH, GTOH
        Thruster: Thrstr
        Cluster: Squat Clean Thruster, Clean Thruster
        Bear Complex: The Bear
        Dumbbell Snatch: DB Snatch, Alternating DB Snatch, Alt DB Snatch, Single Arm DB Snatch, DB Power Snatch
        Dumbbell Clean: DB Clean, DB Power Clean, Dumbbell Power Clean, DB Squat Clean, Dumbbell Squat Clean
        Dumbbell Hang Clean: DB Hang Clean, DB Hang Power Clean, Dumbbell Hang Power Clean
        Dumbbell Clean and Jerk: DB Clean and Jerk, DB Clean & Jerk, DB C&J, DB Hang Clean and Jerk, DB Hang C&J
        Dumbbell Thruster: DB Thruster
        Devil Press: Devils Press, Devil's Press
        Man Maker: Manmaker
        Kettlebell Snatch: KB Snatch
        Kettlebell Clean: KB Clean
        Kettlebell Clean and Jerk: KB Clean and Jerk, KB Clean & Jerk, Long Cycle, KB Long Cycle
        Kettlebell Thruster: KB Thruster
        Turkish Get-up: TGU, Turkish Getup, Get-up, Getup, KB Turkish Getup
        Sumo Deadlift High Pull: SDHP, SDLHP
        High Pull
    """,
    "press": """
        Strict Press: Shoulder Press, Press, Overhead Press, OHP, SP, Military Press
        Push Press: PP
        Shoulder to Overhead: S2O, STO, S2OH, STOH
        Bench Press: BP, Bench
        Incline Bench Press: Incline Bench
        Close Grip Bench Press: CGBP
        Floor Press
        Dumbbell Press: DB Press, DB Strict Press, DB Shoulder Press, Dumbbell Shoulder Press
        Dumbbell Push Press: DB Push Press
        Dumbbell Push Jerk: DB Push Jerk
        Dumbbell Shoulder to Overhead: DB S2O, DB STO, DB Shoulder to Overhead
        Dumbbell Bench Press: DB Bench, DB Bench Press
        Kettlebell Press: KB Press
        Kettlebell Push Press: KB Push Press
        Arnold Press
        Push-up: PU, Press-up, Pressup
        Hand Release Push-up: HRPU, HR Push-up
        Ring Push-up
        Diamond Push-up
        Clapping Push-up: Plyo Push-up
        Handstand Push-up: HSPU, Kipping HSPU, Kipping Handstand Push-up
        Strict Handstand Push-up: SHSPU, Strict HSPU
        Deficit Handstand Push-up: Deficit HSPU
        Wall-facing Handstand Push-up: Wall Facing HSPU, WFHSPU, Chest to Wall HSPU
        Pike Push-up
        Dip: Bar Dip, Parallel Bar Dip
        Ring Dip: RD
        Bench Dip: Box Dip
    """,
    "pull": """
        Pull-up: PUs, Kipping Pull-up, Butterfly Pull-up
        Strict Pull-up: SPU
        Chest to Bar Pull-up: C2B, CTB, Chest to Bar, C2B Pull-up, CTB Pull-up
        Weighted Pull-up
        Jumping Pull-up: JPU
        Chin-up
        Muscle-up: MU, Ring Muscle-up, RMU, Ring MU
        Bar Muscle-up: BMU, Bar MU
        Ring Row: Body Row, Inverted Row
        Bent Over Row: BOR, Barbell Row, Pendlay Row
        Dumbbell Row: DB Row, Single Arm DB Row, Bent Over DB Row
        Renegade Row: DB Renegade Row
        Rope Climb: RC
        Legless Rope Climb: LLRC
        Lat Pulldown
        Face Pull
        Bicep Curl: Curl, Biceps Curl, Barbell Curl
        Hammer Curl
        Dumbbell Curl: DB Curl
        Triceps Extension: Tricep Extension, Skull Crusher, Skullcrusher
        Lateral Raise
        Upright Row
        Shrug
        Peg Board Climb: Pegboard, Peg Board, Pegboard Ascent
    """,
    "core": """
        Sit-up: Abmat Sit-up, SU, Abmat
        GHD Sit-up: GHD, GHDSU
        V-up
        Tuck-up
        Toes to Bar: T2B, TTB, Toe to Bar, Toes 2 Bar, Toes-to-bar
        Toes to Rings: T2R, TTR
        Knees to Elbows: K2E, KTE, Knee to Elbow
        Knee Raise: Hanging Knee Raise, HKR
        Leg Raise: Hanging Leg Raise, HLR
        L-sit: L-Sit Hold
        Plank: Plank Hold, Front Plank, Elbow Plank
        Side Plank
        Hollow Hold: Hollow Body Hold
        Hollow Rock
        Superman: Superman Hold
        Russian Twist
        Flutter Kick
        Crunch: Ab Crunch
        Bicycle Crunch
        Mountain Climber
        Windshield Wiper
        Dead Bug
        Bird Dog
        Ab Wheel Rollout: Ab Rollout, Ab Wheel
        Weighted Sit-up
        Arch Hold
        Pallof Press
    """,
    "gymnastics": """
        Handstand Walk: HSW, HS Walk
        Handstand Hold: HS Hold, HSH
        Wall Walk: Wall Climb
        Skin the Cat
        Front Lever
        Back Lever
        Ring Support Hold: Ring Support
        Dead Hang: Hang, Bar Hang, Hang Hold
        Forward Roll
        Cartwheel
        Inchworm
    """,
    "jump": """
        Box Jump: BJ
        Box Jump Over: BJO
        Burpee Box Jump: BBJ
        Burpee Box Jump Over: BBJO
        Broad Jump: Standing Long Jump
        Burpee Broad Jump
        Tuck Jump
        Depth Jump
        Lateral Jump: Lateral Hop
        Double Under: DU, Dubs, Double-unders
        Single Under: Single, SUs, Singles, Jump Rope, Skip, Single Jump Rope
        Triple Under: TU
        Crossover Double Under
        Jumping Jack: Star Jump
        Hurdle Jump: Hurdle Hop
    """,
    "burpee": """
        Burpee: Burp
        Bar Facing Burpee: BFB, Burpee over Bar, Burpees over the Bar, Burpee over the Bar, Bar-facing Burpee
        Lateral Burpee: Lateral Burpee over Bar, Burpee over Barbell
        Burpee Pull-up: BPU
        Burpee Muscle-up
        Burpee to Target: Target Burpee, Burpee to a Target
        Burpee Deadlift: DB Burpee Deadlift
        Burpee over Dumbbell: Burpee over DB, DB Facing Burpee, Dumbbell Facing Burpee
        Up-down: Sprawl
    """,
    "throw": """
        Wall Ball: WB, WBS, Wall Ball Shot, Wallball, Wallball Shot
        Medicine Ball Clean: Med Ball Clean, MB Clean, MBC
        Ball Slam: Slam Ball, Slamball, Med Ball Slam, D-ball Slam
        Ball over Shoulder: D-ball over Shoulder, D-ball over the Shoulder
        Sandbag over Shoulder: Sandbag over the Shoulder, Sandbag to Shoulder
        Sandbag Clean: SB Clean
        Tire Flip
    """,
    "carry": """
        Farmer's Carry: Farmer Carry, Farmers Walk, Farmer Walk, FC, Farmer's Walk
        Dumbbell Farmer's Carry: DB Farmers Carry, DB Farmer Carry
        Kettlebell Farmer's Carry: KB Farmers Carry, KB Farmer Carry
        Suitcase Carry
        Overhead Carry: OH Carry, Waiter Walk
        Front Rack Carry: FR Carry
        Sandbag Carry: Sandbag Run, Bear Hug Carry, Sandbag Bear Hug Carry
        Yoke Carry: Yoke Walk
        Sled Push: Prowler Push, Prowler
        Sled Pull: Sled Drag
        Bear Crawl
        Buddy Carry: Partner Carry, Fireman Carry
    """,
    "cardio": """
        Run: Running, Jog
        Sprint
        Shuttle Run: Shuttle Sprint, Shuttle
        Walk: Ruck Walk
        Ruck: Ruck March, Rucking
        Weighted Run: Vest Run
        Row: Rowing, Erg, Rower, Row Erg
        Ski: Ski Erg, Skierg, Skiing
        Bike: Cycling, Cycle, Ride
        Assault Bike: AB, Air Bike, Airbike, Assault Air Bike, AirDyne
        Echo Bike: Rogue Bike
        Bike Erg: C2 Bike, Bikeerg
        Spin Bike: Stationary Bike
        Swim: Swimming
        Hike
        Elliptical
        Stair Climb: Stairs, Stair Run
        High Knees: High Knee
        Butt Kicks: Butt Kick
        Treadmill
    """,
    "mobility": """
        Stretch: Stretching
        Foam Roll: Foam Rolling
        Samson Stretch
        Pigeon Pose: Pigeon
        Child's Pose
        Downward Dog: Down Dog
        Warrior I: Warrior 1
        Warrior II: Warrior 2
        Warrior III: Warrior 3
        Mountain Pose
        Cobra Pose: Cobra
        Tree Pose
        Couch Stretch
        PVC Pass-through: Pass-through, Shoulder Pass-through, PVC Pass Through
    """,
}

BARBELL_CATEGORIES: Final = frozenset({"squat", "hinge", "olympic", "press", "pull"})
"""Categories whose childless sets are strength work."""
