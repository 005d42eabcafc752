// Names of motifs, as short as a box allows.

const MAX_LABEL = 20;

const PATTERN = /_patterns\.pattern/;

/** The name, or pos_0 for TF-MoDISco's pos_patterns.pattern_0, of which only the number tells one from the other. */
export const patternName = (name: string): string => name.replace(PATTERN, "");

/** What is added to the name of a factor: by HOCOMOCO 11 and 12, JASPAR behind and in front of the name, TF-MoDISco. */
const DATABASE_PARTS = [
  /_(HUMAN|MOUSE)\.H\d+MO\..*$/,
  /\.H\d+[A-Z]+(\..*)?$/,
  /_MA\d{4}(\.\d+)?$/,
  /^MA\d{4}\.\d+[._ ]+/,
  PATTERN,
];

/** A name that fits under a logo; the table has the whole one. */
export function shortName(name: string): string {
  const factor = DATABASE_PARTS.reduce((text, part) => text.replace(part, ""), name) || name;
  return factor.length > MAX_LABEL ? `${factor.slice(0, MAX_LABEL - 1)}…` : factor;
}
