import { useState } from 'preact/hooks';
import { currentKey, signIn } from '../access';
import { createKey, scopes } from '../api/keys';
import { Dialog } from '../ui/dialog';
import { Field, Form } from '../ui/form';
import { show } from './made';

interface CreateKeyProps {
  /** It is the first key, which closes the service. */
  isFirst: boolean;
  onMade(): void;
  onClose(): void;
}

/** Makes a key, which is shown this once, even to who has closed the dialog meanwhile: it is made by then. */
export function CreateKeyDialog({ isFirst, onMade, onClose }: CreateKeyProps) {
  const [name, setName] = useState('');
  const [chosen, setChosen] = useState<string[]>(isFirst ? ['admin'] : ['users:read']);
  const toggle = (scope: string) =>
    setChosen((before) => (before.includes(scope) ? before.filter((one) => one !== scope) : [...before, scope]));
  const submit = async () => {
    const key = await createKey({ name, scopes: chosen });
    const goesOn = currentKey() === null; // the service was open
    show({ key, goesOn });
    if (goesOn) signIn(key.key); // before anything is asked without a key
    onMade();
  };
  return (
    <Dialog title="New API key" onClose={onClose}>
      <h2>New API key</h2>
      {isFirst && <p class="aside">This is the first key. It closes the service: from then on everybody needs a key, this console too.</p>}
      <Form submit={submit} action="Make key" onCancel={onClose}>
        {(error) => (
          <>
            <Field label="Name" name="name" value={name} onValue={setName} error={error('name')} hint="What will use it, such as billing." autofocus />
            <fieldset aria-describedby="scopes-note">
              <legend>Scopes</legend>
              {scopes.map((scope) => (
                <label key={scope.name} class="check">
                  <input
                    type="checkbox"
                    name="scopes"
                    checked={chosen.includes(scope.name)}
                    aria-invalid={error('scopes') !== undefined}
                    onChange={() => toggle(scope.name)}
                  />
                  <span>
                    <span class="mono">{scope.name}</span> <small>{scope.allows}</small>
                  </span>
                </label>
              ))}
              <p id="scopes-note" class="note wrong">
                {error('scopes')}
              </p>
            </fieldset>
          </>
        )}
      </Form>
    </Dialog>
  );
}
