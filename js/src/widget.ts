// The entry: one bundle for the live widget (default export) and for exported pages (`mount`).
import type { AnyModel } from "@anywidget/types";
import { show } from "./app.tsx";
import { AnywidgetHost } from "./host.ts";
import { StaticHost } from "./standalone.ts";
import { Store } from "./store.ts";
import { type StaticPage, TRAIT_NAMES, type Traits } from "./wire.ts";

interface InitializeProps {
  model: AnyModel<Traits>;
}

interface RenderProps extends InitializeProps {
  el: HTMLElement;
  signal?: AbortSignal;
}

/** Called once per model: all views of a model share one store, so that they stay in step. */
export default () => {
  let store: Store | undefined;
  return {
    // cheap and without a question to the kernel: anywidget holds every message back until this returns
    initialize({ model }: InitializeProps): void {
      store = new Store(new AnywidgetHost(model, TRAIT_NAMES));
    },
    render({ model, el, signal }: RenderProps): (() => void) | undefined {
      store ??= new Store(new AnywidgetHost(model, TRAIT_NAMES));
      if (signal) {
        show(store, el, signal);
        return undefined;
      }
      const controller = new AbortController();
      show(store, el, controller.signal);
      return () => controller.abort();
    },
  };
};

/** Shows an exported page in `el`. */
export function mount(el: HTMLElement, page: StaticPage): void {
  show(new Store(new StaticHost(page)), el, new AbortController().signal);
}
