import { family } from "@flyhot/runtime";

export interface Message {
  readonly id: number;
  readonly from: string;
  readonly text: string;
}

interface Room {
  last: number;
  messages: Message[];
}

const HISTORY_MAX = 1000;

export const rooms = family("rooms", {
  state: (): Room => ({ last: 0, messages: [] }),
  actions: {
    say(room, from: string, text: string): void {
      room.messages.push({ id: ++room.last, from, text });
      if (room.messages.length > HISTORY_MAX) room.messages.shift();
    },
  },
});
