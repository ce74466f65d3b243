/** Somebody at a table. */
export class Player {
  readonly name: string;
  moves = 0;

  constructor(name: string) {
    this.name = name;
  }

  describe(): string {
    return `${this.name} (${this.moves} moves)`;
  }
}
