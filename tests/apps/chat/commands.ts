import type { Command, Visitor } from "./command.ts";
import { rooms } from "./rooms.ts";

const commands = new Map<string, Command>([
  ["help", () => `Commands: /${[...commands.keys()].join(", /")}`],
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
