// Parses each TraceQL text of a JSON array on stdin with Grafana's own grammar; prints the places of errors as JSON.
import { parser } from "@grafana/lezer-traceql";
import { readFileSync } from "node:fs";

const errors = JSON.parse(readFileSync(0, "utf8")).map((text) => {
  const places = [];
  parser.parse(text).iterate({ enter: (node) => { if (node.type.isError) places.push(node.from); } });
  return places;
});
console.log(JSON.stringify(errors));
