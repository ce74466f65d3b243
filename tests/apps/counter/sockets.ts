// No upgrade changes this module, so the set of open sockets stays as it is.
export const sockets = new Set<WebSocket>();

export function broadcast(message: unknown): void {
  const text = JSON.stringify(message);
  for (const socket of sockets) {
    if (socket.readyState === WebSocket.OPEN) socket.send(text);
  }
}
