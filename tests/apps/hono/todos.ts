import { holder } from "@flyhot/runtime";

export interface Todo {
  readonly id: number;
  readonly title: string;
  done: boolean;
}

interface Todos {
  last: number;
  list: Todo[];
}

export const todos = holder("todos", {
  state: (): Todos => ({ last: 0, list: [] }),
  actions: {
    add(state, title: string): Todo {
      const todo: Todo = { id: ++state.last, title, done: false };
      state.list.push(todo);
      return todo;
    },
    finish(state, id: number): Todo | null {
      const todo = state.list.find((it) => it.id === id);
      if (todo) todo.done = true;
      return todo ?? null;
    },
  },
});
