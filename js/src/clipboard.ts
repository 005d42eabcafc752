// What is copied, and what is said about it.
import type { Store } from "./store.ts";

/** Copies text and says so, or where in Python to take it from instead. */
export async function copy(store: Store, text: string, what: string, instead: string): Promise<void> {
  const isDone = await copyText(text);
  store.say(isDone ? `Copied ${what}.` : `The browser does not allow copying: take ${instead} in Python.`);
}

/** Puts text on the clipboard, also where the page may not use it directly; tells whether that worked. */
async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const isDone = document.execCommand("copy");
    area.remove();
    return isDone;
  }
}
