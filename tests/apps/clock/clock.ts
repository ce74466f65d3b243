import { holder } from "@flyhot/runtime";

export const INTERVAL_MS = Number(Deno.env.get("CLOCK_INTERVAL_MS") ?? 1000);

/** One interval that is over. */
export interface Tick {
  readonly slot: number;
  readonly sound: string;
}

interface Clock {
  slot: number;
  ticks: Tick[];
}

const TICKS_MAX = 1000;
const currentSlot = () => Math.floor(Date.now() / INTERVAL_MS);

export const clock = holder("clock", {
  state: (): Clock => ({ slot: currentSlot(), ticks: [] }),
  actions: {
    // The state says which slot was the last, not the timer: none is lost while nobody ticks, and none comes twice.
    tick(state, sound: string): void {
      const now = currentSlot();
      while (state.slot < now) state.ticks.push({ slot: ++state.slot, sound });
      state.ticks.splice(0, state.ticks.length - TICKS_MAX);
    },
  },
});
