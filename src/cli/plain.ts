/** Controls, invisible marks and halves of characters would let a stranger's text play tricks with the terminal. */
const TRICKS = String.raw`[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]`;
const SEVERAL_TRICKS = new RegExp(`${TRICKS}+`, 'gu');
/** The line ends are those of the JSON itself: in a text they are escaped already. */
const TRICKS_IN_JSON = new RegExp(String.raw`(?!\n)${TRICKS}`, 'gu');

/** A text of somebody else's, on one line and without what could play tricks with the terminal. */
export function clean(text: string): string {
  return text.replaceAll(SEVERAL_TRICKS, ' ');
}

/** A value as JSON that plays no tricks with the terminal: such characters are escaped, and the value is the same. */
export function formatJson(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(TRICKS_IN_JSON, (character) =>
    Array.from({ length: character.length }, (_, n) => escape(character.charCodeAt(n))).join(''),
  );
}

function escape(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, '0')}`;
}
