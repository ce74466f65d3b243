/** What becomes of values where they end, and what only hands them on.
 * @module
 */

/** What becomes of a value; the later ones are worse. */
export const GONE = 0, PASSED = 1, HELD = 2;

/** Functions of the platform that make something of what they get, and keep nothing of it. */
export const CONSUMERS =
  /^(?:new )?(?:Response(?:\.\w+)?|Request|Headers|URL|URLSearchParams|Blob|FormData|Error|TypeError|RangeError|Date|Set|Map|console\.\w+|Number\.\w+|Math\.\w+|Deno\.(?:write\w+|remove|mkdir))$/;
/** Functions of the platform that make something else of what they get. */
export const CONVERTING =
  /^(?:String|Number|Boolean|BigInt|Symbol|parse\w+|(?:en|de)codeURI\w*|structuredClone)$/;
/** Methods that send something away. */
export const SENDING =
  /^(?:json|text|html|send|end|write|enqueue|respond|body|redirect|status|header)$/;
/** What makes a value of others: it goes where that goes. */
export const EXPRESSIONS = new Set([
  "AwaitExpression",
  "UnaryExpression",
  "BinaryExpression",
  "LogicalExpression",
  "TemplateLiteral",
  "ArrayExpression",
  "SpreadElement",
  "ObjectExpression",
  "JSXExpressionContainer",
  "JSXElement",
  "JSXFragment",
  "JSXOpeningElement",
  "JSXAttribute",
  "JSXSpreadAttribute",
]);
/** What makes a number, a text or the like of a value. */
export const MADE = new Set([
  "UnaryExpression",
  "BinaryExpression",
  "TemplateLiteral",
]);
/** Members that are numbers, whatever they are members of. */
export const COUNTS = /^(?:length|size|byteLength)$/;
/** Where a value ends. */
export const ENDS = new Set([
  "ExpressionStatement",
  "IfStatement",
  "WhileStatement",
  "DoWhileStatement",
  "ForStatement",
  "SwitchStatement",
  "SwitchCase",
  "ThrowStatement",
]);
