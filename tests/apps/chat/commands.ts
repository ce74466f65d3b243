import type { Command, Visitor } from "./command.ts";
import { rooms } from "./rooms.ts";

const help: Command = () => `Commands: /${[...commands.keys()].join(", /")}`;

const commands: ReadonlyMap<string, Command> = new Map([
  ["help", help],
  ["rooms", () => `Rooms: ${rooms.keys().join(", ")}`],
]);

export async function runCommand(
  visitor: Visitor,
  line: string,
): Promise<string | null> {
  const [, name = "", rest = ""] = /^\/(\S*)\s*(.*)$/s.exec(line) ?? [];
  const command = commands.get(name);
  return command
    ? await command(visitor, rest)
    : `There is no /${name}; try /help`;
}
