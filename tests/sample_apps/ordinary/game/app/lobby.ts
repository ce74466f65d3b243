import { Game } from "./game.ts";

/** All games. */
export class Lobby {
  readonly games: Map<string, Game> = new Map();

  open(name: string, stones: number): Game {
    const game = new Game(name, stones);
    this.games.set(name, game);
    return game;
  }

  find(name: string): Game | undefined {
    return this.games.get(name);
  }
}
