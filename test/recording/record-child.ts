import { Recorder } from "../../src/recording/recorder.js";
import { HEADER, observed } from "./events.js";

// A process whose recording comes to a bad end: `full` fills what it may write, `killed` waits to be killed.
const [file, end] = process.argv.slice(2) as [string, "full" | "killed"];
const turn = () => new Promise((resolve) => setImmediate(resolve));

const troubles: string[] = [];
const recorder = await Recorder.open(file, HEADER, (text) => troubles.push(text), {
  // A recording that does not come to an end by itself is to be noticed.
  patience: 600_000,
});
let step = 0;
while (recorder.figures().written === 0) {
  if (step < 100) recorder.record(observed(step++));
  await turn();
}
const early = recorder.figures().written;
if (end === "killed") {
  console.log(JSON.stringify({ early }));
  setInterval(() => recorder.record(observed(step++)), 1);
} else {
  while (troubles.length === 0) {
    for (let k = 0; k < 10; k++) recorder.record(observed(step++));
    await turn();
  }
  for (let k = 0; k < 10; k++) recorder.record(observed(step++));
  const figures = await recorder.close();
  console.log(JSON.stringify({ early, offered: step, troubles, figures }));
}
