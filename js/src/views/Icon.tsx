const PATHS = {
  previous: "M10 3L5 8l5 5",
  next: "M6 3l5 5-5 5",
  close: "M4 4l8 8M12 4l-8 8",
  plus: "M8 3v10M3 8h10",
  minus: "M3 8h10",
  fit: "M2 5V2h3M11 2h3v3M14 11v3h-3M5 14H2v-3M5 8h6",
  up: "M4 10l4-4 4 4",
  down: "M4 6l4 4 4-4",
};

export function Icon({ name }: { name: keyof typeof PATHS }) {
  return (
    <svg class="nbm-icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
