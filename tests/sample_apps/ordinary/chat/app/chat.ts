import type { Server as HttpServer } from "node:http";
import { Server, type Socket } from "socket.io";
import { type Message, room, say } from "./rooms.ts";

let io: Server | undefined;

/** Takes sockets in. */
export function attachChat(server: HttpServer): void {
  io = new Server(server, { serveClient: false });
  io.on("connection", greet);
}

/** Tells everybody in a room. */
export function announce(name: string, message: Message): void {
  io?.to(name).emit("said", name, message.from, message.text);
}

function greet(socket: Socket): void {
  socket.emit("welcome", "Welcome to the chat");

  socket.on("join", (name: string, from: string, ack: Ack) => {
    socket.join(name);
    room(name).members.add(from);
    ack({ messages: room(name).messages.length });
  });

  socket.on("say", (name: string, from: string, text: string, ack: Ack) => {
    announce(name, say(name, from, text));
    ack({ ok: true });
  });

  socket.on("ping-pong", (count: number, ack: Ack) => ack({ count }));
}

type Ack = (answer: Readonly<Record<string, unknown>>) => void;
