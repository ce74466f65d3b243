import { clock, type Tick } from "./clock.ts";
import "./ticker.ts";
import "./chime.ts";

export function now(): number {
  return clock.state.slot;
}

export function follow(listener: () => void): () => void {
  return clock.subscribe(listener);
}

export function ticksAfter(slot: number) {
  return clock.state.ticks.filter((tick) => tick.slot > slot);
}

export function eventText({ slot, sound }: Tick): string {
  return `id: ${slot}\ndata: ${sound}\n\n`;
}

export function handle(_request: Request): Response {
  return Response.json(clock.state);
}
