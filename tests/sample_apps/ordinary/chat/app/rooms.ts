export interface Message {
  from: string;
  text: string;
}

export interface Room {
  members: Set<string>;
  messages: Message[];
}

const rooms = new Map<string, Room>();

/** The names of all rooms, sorted. */
export function roomNames(): string[] {
  return [...rooms.keys()].sort();
}

/** A room, made when it is first asked for. */
export function room(name: string): Room {
  let found = rooms.get(name);
  if (!found) rooms.set(name, found = { members: new Set(), messages: [] });
  return found;
}

/** Says something in a room. */
export function say(name: string, from: string, text: string): Message {
  const message: Message = { from, text };
  room(name).messages.push(message);
  return message;
}
