// What holds for whatever can take the focus, so that no view need think of it.
import { options } from "preact";

const FOCUSABLE = new Set(["button", "input", "select"]);

/**
 * JupyterLab leaves key presses alone on elements with this attribute, and it must be on the focused element itself.
 * A button is a plain one unless it says otherwise. The hook is global to this bundle's own copy of Preact.
 */
export function hookFocusables(): void {
  const before = options.vnode;
  options.vnode = (vnode) => {
    const { type } = vnode;
    // neither a component nor a text
    if (typeof type === "string") {
      const props = vnode.props as Record<string, unknown>;
      if (FOCUSABLE.has(type) || "tabIndex" in props) props["data-lm-suppress-shortcuts"] = "true";
      if (type === "button") props.type ??= "button";
    }
    before?.(vnode);
  };
}

/** When what has the focus goes away, the focus stays in the widget, and keys with it. */
export function keepFocus(root: HTMLElement): void {
  root.addEventListener("focusout", ({ target, relatedTarget }) => {
    setTimeout(() => {
      if (relatedTarget || (target as Element).isConnected) return;
      root.querySelector<HTMLElement>(".nbm-grid,.nbm-track-area")?.focus({ preventScroll: true });
    });
  });
}

/** What is typed into a field is not meant for the page around the widget. */
export function keepTyping(root: HTMLElement): void {
  root.addEventListener("keydown", (event) => {
    if ((event.target as HTMLElement).matches("input,select")) event.stopPropagation();
  });
}
