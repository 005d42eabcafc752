// Small controls that several bars share.
import type { ComponentChildren, TargetedEvent } from "preact";
import { useRef, useState } from "preact/hooks";
import { useUniqueId } from "./context.ts";
import { Icon } from "./Icon.tsx";

export function IconButton(props: {
  icon: Parameters<typeof Icon>[0]["name"];
  label: string;
  onClick: () => void;
  disabled?: boolean;
}) {
  const { icon, label, onClick, disabled = false } = props;
  return (
    <button class="nbm-icon-button" aria-label={label} title={label} disabled={disabled} onClick={onClick}>
      <Icon name={icon} />
    </button>
  );
}

export function Toggle(props: {
  text: string;
  title?: string;
  checked: boolean;
  onChange: (checked: boolean) => void;
}) {
  return (
    <label class="nbm-toggle" title={props.title}>
      <input
        type="checkbox"
        checked={props.checked}
        onChange={(event) => props.onChange(event.currentTarget.checked)}
      />
      {props.text}
    </label>
  );
}

interface FieldProps {
  label: string;
  value: string;
  isNumber?: boolean;
  /** What is typed counts at once where it can, not only when it is entered. */
  isLive?: boolean;
  placeholder?: string;
  title?: string;
  /** Takes the text that was entered, or says what is wrong with it. */
  commit: (text: string) => string;
}

/** A field whose text counts once it is entered; what is being typed stays, whatever is drawn anew meanwhile. */
export function Field(props: FieldProps) {
  const { label, value, isNumber = false, isLive = false, placeholder, title, commit } = props;
  const [text, setText] = useState<string | null>(null);
  const [wrong, setWrong] = useState("");
  const finish = (problem: string): void => {
    setWrong(problem);
    if (problem === "") setText(null);
  };
  return (
    <span class="nbm-entry">
      <input
        {...(isNumber ? { type: "number", step: "any" } : {})}
        class={isNumber ? "nbm-number" : "nbm-input"}
        aria-label={label}
        aria-invalid={wrong !== ""}
        title={title}
        placeholder={placeholder}
        value={text ?? value}
        onInput={({ currentTarget }) => {
          setText(currentTarget.value);
          setWrong("");
          if (isLive) commit(currentTarget.value);
        }}
        onChange={(event) => finish(commit(event.currentTarget.value))}
        onBlur={() => finish("")}
        onKeyDown={(event) => event.key === "Escape" && finish("")}
      />
      {wrong && (
        <span class="nbm-popup" role="alert">
          {wrong}
        </span>
      )}
    </span>
  );
}

/** One of several values, by name; behind `text`, if there is any. */
export function Choice<T extends string>(props: {
  label: string;
  text?: string;
  title?: string;
  value: T;
  options: Readonly<Record<T, string>>;
  onChange: (value: T) => void;
}) {
  const { label, text, title, value, options, onChange } = props;
  return (
    <label class="nbm-field">
      {text}
      <select
        class="nbm-select"
        aria-label={label}
        title={title ?? label}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value as T)}
      >
        {Object.entries<string>(options).map(([name, shown]) => (
          <option key={name} value={name}>
            {shown}
          </option>
        ))}
      </select>
    </label>
  );
}

/** A button that opens a sheet below it; the browser closes it by Escape or a click elsewhere. */
export function Menu({ label, children }: { label: string; children: ComponentChildren }) {
  const button = useRef<HTMLButtonElement>(null);
  const id = useUniqueId();
  const place = (event: TargetedEvent<HTMLDivElement, ToggleEvent>): void => {
    if (event.newState !== "open") return;
    const sheet = event.currentTarget;
    const { right, bottom } = button.current!.getBoundingClientRect();
    const { clientWidth } = document.documentElement;
    sheet.style.top = `${bottom + 4}px`;
    sheet.style.right = `${clientWidth - right}px`;
  };
  return (
    <>
      <button class="nbm-button" ref={button} popovertarget={id}>
        {label} <Icon name="down" />
      </button>
      <div class="nbm-menu" id={id} role="group" aria-label={label} popover="auto" onBeforeToggle={place}>
        {children}
      </div>
    </>
  );
}
