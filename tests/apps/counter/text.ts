export function greeting(name: string): string {
  return `Hello, ${name}`;
}

export function title(): string {
  return "Counter";
}
