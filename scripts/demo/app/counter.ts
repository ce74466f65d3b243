class Counter {
  count = 0;

  increment(): number {
    return ++this.count;
  }

  told(): Record<string, unknown> {
    return { count: this.count };
  }
}

export const counter = new Counter();
