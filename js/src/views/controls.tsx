// Small controls that several bars share.
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useUniqueId } from "./context.ts";
import { Icon } from "./Icon.tsx";
import { Swatch } from "./Swatch.tsx";

export function IconButton(props: {
  icon: Parameters<typeof Icon>[0]["name"];
  label: string;
  onClick: () => void;
  isOff?: boolean;
}) {
  const { icon, label, onClick, isOff } = props;
  return (
    <PushButton class="nbm-icon-button" title={label} isOff={isOff} onClick={onClick}>
      <Icon name={icon} />
    </PushButton>
  );
}

/** A button that keeps the focus when there is nothing left for it to do. */
export function PushButton(props: {
  class: string;
  title: string;
  isOff?: boolean | undefined;
  onClick: () => void;
  children: ComponentChildren;
}) {
  const { title, isOff = false, onClick, children } = props;
  return (
    <button class={props.class} title={title} aria-disabled={isOff} onClick={() => isOff || onClick()}>
      {children}
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
  // what was refused goes once another value holds
  useEffect(() => void (wrong && finish("")), [value]);
  return (
    <span class="nbm-entry">
      <input
        // no number field: the wheel would change it, and a comma empty it
        inputMode={isNumber ? "decimal" : undefined}
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
        onBlur={() => text !== null && finish(commit(text))}
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

/** What holds until it is taken away; its text does more where that is given. */
export function Chip(props: {
  text: string;
  title: string;
  /** Of the button that takes it away. */
  label: string;
  slot?: number;
  onOpen?: () => void;
  onRemove: () => void;
}) {
  const { text, title, label, slot, onOpen, onRemove } = props;
  const Text = onOpen ? "button" : "span";
  return (
    <span class="nbm-chip">
      {slot !== undefined && <Swatch slot={slot} />}
      <Text class="nbm-clip" title={title} onClick={onOpen}>
        {text}
      </Text>
      <button class="nbm-chip-remove" aria-label={label} title={label} onClick={onRemove}>
        <Icon name="close" />
      </button>
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
  const id = useUniqueId();
  return (
    <>
      <button class="nbm-button" popovertarget={id}>
        {label} <Icon name="down" />
      </button>
      <div class="nbm-menu" id={id} role="group" aria-label={label} popover="auto">
        {children}
      </div>
    </>
  );
}
