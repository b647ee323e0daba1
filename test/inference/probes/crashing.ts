// A driver that takes the process along.
process.once("message", () => process.kill(process.pid, "SIGSEGV"));
