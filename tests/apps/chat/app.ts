import type { Visitor } from "./command.ts";
import { runCommand } from "./commands.ts";
import { page } from "./page.ts";
import { rooms } from "./rooms.ts";

export function visitorOf(request: Request): Visitor {
  const { pathname, searchParams } = new URL(request.url);
  return {
    room: pathname.slice(1) || "lobby",
    name: searchParams.get("as") ?? "guest",
  };
}

export function follow({ room }: Visitor, listener: () => void): () => void {
  return rooms.get(room).subscribe(listener);
}

export function messagesAfter({ room }: Visitor, id: number) {
  return rooms.get(room).state.messages.filter((message) => message.id > id);
}

/** Takes a line; what it returns is for its author alone. */
export async function receive(
  visitor: Visitor,
  line: string,
): Promise<string | null> {
  if (line.startsWith("/")) return await runCommand(visitor, line);
  await rooms.get(visitor.room).say(visitor.name, line);
  return null;
}

export function handle(request: Request): Response | Promise<Response> {
  if (new URL(request.url).pathname === "/rooms") {
    return Response.json(
      Object.fromEntries(
        rooms.keys().map((room) => [room, rooms.get(room).state]),
      ),
    );
  }
  return page();
}
