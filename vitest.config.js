import { defineConfig } from "vitest/config";

// The tests run against the compiled output, so that workers and child processes are the ones that ship.
export default defineConfig({
  test: {
    include: ["dist/test/**/*.test.js"],
    exclude: ["node_modules"],
    setupFiles: ["dist/test/setup.js"],
    // They end what hangs; no machine is so slow or so busy.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // Many tests wait for other processes.
    maxWorkers: 2,
  },
});
