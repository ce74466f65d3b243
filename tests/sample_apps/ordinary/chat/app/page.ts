/** The page at /. */
export function homePage(names: readonly string[]): string {
  return `<!DOCTYPE html>
<title>Chat</title>
<link rel="stylesheet" href="/style.css">
<h1>Rooms</h1>
<ul>${names.map((name) => `<li>${name}</li>`).join("")}</ul>
`;
}
