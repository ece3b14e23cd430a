"""What runs inside a program while it works: ring, book, tallies, sampling, roll-up. The SDK is imported only here."""
