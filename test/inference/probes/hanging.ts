// A driver that never returns.
process.once("message", () => {
  process.stderr.write(`pid ${process.pid}\n`, () => {
    for (;;);
  });
});
