// Ends well without a word.
process.once("message", () => process.exit());
