// Names of motifs, as short as a box allows.

const MAX_LABEL = 20;

/** What databases add to the name of a factor: HOCOMOCO 11 and 12, JASPAR behind and in front of the name. */
const DATABASE_PARTS = [
  /_(HUMAN|MOUSE)\.H\d+MO\..*$/,
  /\.H\d+[A-Z]+(\..*)?$/,
  /_MA\d{4}(\.\d+)?$/,
  /^MA\d{4}\.\d+[._ ]+/,
];

/** A name that fits under a logo; the table and the hover card have the whole one. */
export function shortName(name: string): string {
  const factor = DATABASE_PARTS.reduce((text, part) => text.replace(part, ""), name) || name;
  return factor.length > MAX_LABEL ? `${factor.slice(0, MAX_LABEL - 1)}…` : factor;
}
