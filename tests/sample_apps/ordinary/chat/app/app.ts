// @ts-types="npm:@types/express@5.0.3"
import express, { type Express } from "express";
import { announce } from "./chat.ts";
import { homePage } from "./page.ts";
import { type Message, room, roomNames, say } from "./rooms.ts";

/** How a message looks to clients. */
function asJson({ from, text }: Message) {
  return { from, text };
}

export function createApp(): Express {
  const app = express();
  app.disable("x-powered-by");
  app.use(express.json());
  app.use(express.static("public"));

  app.get("/", (_request, response) => {
    response.send(homePage(roomNames()));
  });

  app.get("/rooms", (_request, response) => {
    response.json(
      roomNames().map((name) => ({
        name,
        messages: room(name).messages.length,
      })),
    );
  });

  app.get("/rooms/:name/messages", (request, response) => {
    response.json(room(request.params.name).messages.map(asJson));
  });

  app.post("/rooms/:name/messages", (request, response) => {
    const { from, text } = request.body ?? {};
    if (typeof from !== "string" || typeof text !== "string") {
      response.status(400).json({ error: "from and text are wanted" });
      return;
    }
    const message = say(request.params.name, from, text);
    announce(request.params.name, message);
    response.status(201).json(asJson(message));
  });

  return app;
}
