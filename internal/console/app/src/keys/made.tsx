import { useLayoutEffect, useState } from 'preact/hooks';
import type { NewKey } from '../api/keys';
import { askBeforeLeaving } from '../router';
import { store, useStore } from '../store';
import { Dialog } from '../ui/dialog';

interface Made {
  key: NewKey;
  /** The service was open, and this page goes on with the key. */
  goesOn: boolean;
}

const made = store<Made | null>(null);

/** Shows a key that was just made, or none any more. */
export function show(one: Made | null): void {
  made.set(one);
}

/** The key that was just made, wherever the page is by now. Nothing but Done puts it away: it cannot be shown again. */
export function MadeKey() {
  const now = useStore(made);
  return now && <MadeKeyDialog made={now.key} goesOn={now.goesOn} />;
}

function MadeKeyDialog({ made, goesOn }: { made: NewKey; goesOn: boolean }) {
  useLayoutEffect(() => askBeforeLeaving(() => {}), []);
  const [copied, setCopied] = useState(false);
  // Browsers give no access to the clipboard over plain HTTP, but for this machine.
  const canCopy = navigator.clipboard !== undefined;
  const copy = async () => {
    await navigator.clipboard.writeText(made.key);
    setCopied(true);
  };
  return (
    <Dialog title="Your new key" describedBy="key-text" onClose={() => {}}>
      <h2>The key {made.name}</h2>
      <p id="key-text">Copy it now. It is shown this once: the service keeps only its hash.</p>
      <div class="secret">
        <output class="mono" aria-label="The key" tabIndex={0}>
          {made.key}
        </output>
        {canCopy && (
          <button type="button" onClick={copy}>
            {copied ? 'Copied' : 'Copy'}
          </button>
        )}
      </div>
      {goesOn && <p class="aside">The service is closed now. This console goes on with the new key until it is reloaded.</p>}
      <div class="buttons">
        <button type="button" class="primary" onClick={() => show(null)}>
          Done
        </button>
      </div>
    </Dialog>
  );
}
