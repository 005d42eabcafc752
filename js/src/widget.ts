// The entry: one bundle for the live widget (default export) and for exported pages (`mount`).
import type { AnyModel } from "@anywidget/types";
import { show } from "./app.tsx";
import { AnywidgetHost } from "./host.ts";
import { StaticHost } from "./standalone.ts";
import { Store } from "./store.ts";
import type { ViewName } from "./views/Explorer.tsx";
import { type StaticPage, TRAIT_NAMES, type Traits } from "./wire.ts";

interface InitializeProps {
  model: AnyModel<Traits>;
  signal?: AbortSignal;
}

/** What a widget in another cell gets of this one, by anywidget's `host.getWidget`. */
export interface Exports {
  /** Shows one view of the Explorer in `el`, linked with all others, until `signal` fires. */
  show(el: HTMLElement, view: ViewName, signal: AbortSignal): void;
}

interface RenderProps extends InitializeProps {
  el: HTMLElement;
}

/** Called once per model: all views of a model share one store, so that they stay in step. */
export default () => {
  let store: Store | undefined;
  return {
    // cheap and without a question to the kernel: anywidget holds every message back until this returns
    initialize({ model, signal: closed }: InitializeProps): Exports {
      const own = new Store(new AnywidgetHost(model, TRAIT_NAMES));
      store = own;
      return {
        show: (el, view, signal) => show(own, el, closed ? AbortSignal.any([closed, signal]) : signal, view),
      };
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
