import type { Command } from "commander";

/** By name, in the order in which help shows them. */
export type Commands = Readonly<Record<string, () => Promise<Command>>>;

/** Adds the command that is named, and all of them where none is: to load them all takes longer than some of them run. */
export async function addCommands(to: Command, commands: Commands, named: string | undefined): Promise<void> {
  const wanted =
    named !== undefined && Object.hasOwn(commands, named) ? [commands[named]] : Object.values(commands);
  for (const command of await Promise.all(wanted.map((load) => load()))) {
    to.addCommand(command.showHelpAfterError("(add --help for the options)"));
  }
}
