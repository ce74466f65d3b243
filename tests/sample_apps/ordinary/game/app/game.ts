import { Player } from "./player.ts";

/** Who takes the last stone wins. */
export class Game {
  readonly name: string;
  stones: number;
  readonly players: Player[] = [];
  turn = 0;

  constructor(name: string, stones: number) {
    this.name = name;
    this.stones = stones;
  }

  join(name: string): Player {
    const known = this.players.find((player) => player.name === name);
    if (known) return known;
    const player = new Player(name);
    this.players.push(player);
    return player;
  }

  take(name: string, count: number): string {
    const player = this.players[this.turn % this.players.length];
    if (player?.name !== name) return "not your turn";
    if (!(count >= 1 && count <= 3)) return "take 1 to 3";
    this.stones = Math.max(0, this.stones - count);
    player.moves++;
    this.turn++;
    return this.stones === 0 ? `${name} wins` : `${this.stones} left`;
  }
}
