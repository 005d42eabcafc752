// A motif's logo, in a table row or larger.
//
// Not a canvas: browsers give each canvas a layer of its own, which costs all of a table's logos at every frame.
import { useMemo } from "preact/hooks";
import { motifPaths, UNITS } from "../draw/motif.ts";
import { useScreen } from "./context.ts";

interface MotifLogoProps {
  motif: number;
  width?: number;
  height?: number;
  /** Widest that a column gets. */
  column?: number;
  reverse?: boolean;
}

/** Made again only when the motif changes, not at every count. */
export function MotifLogo({ motif, width = 92, height = 26, column = 9, reverse = false }: MotifLogoProps) {
  const { store } = useScreen();
  const dataset = store.dataset.value!;
  return useMemo(() => {
    const pwm = dataset.pwmOf(motif);
    // column after column in the order A C G T: backwards it is the reverse complement
    const shown = reverse ? pwm.slice().reverse() : pwm;
    return (
      <svg
        class="nbm-logo"
        aria-hidden="true"
        width={width}
        height={height}
        viewBox={`0 0 ${UNITS * width} ${UNITS * height}`}
      >
        {motifPaths(shown, width, height, column).map((path, base) => (
          <path key={base} class={`nbm-base-${"ACGT"[base]}`} d={path} />
        ))}
      </svg>
    );
  }, [dataset, motif, width, height, column, reverse]);
}
