import { holder } from "@flyhot/runtime";

export const counter = holder("counter", {
  state: () => ({ count: 0 }),
  actions: {
    increment: (state) => ++state.count,
  },
});
