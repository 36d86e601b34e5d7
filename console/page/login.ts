import { token } from './api.ts';
import { element } from './element.ts';

/** Asks for a token of Kubernetes in `place`. Resolves when there is one. */
export function askForToken(place: HTMLElement, told: string): Promise<void> {
  token.clear();
  const input = element('input', {
    id: 'token',
    type: 'password',
    autocomplete: 'off',
    required: '',
    'aria-describedby': 'token-about',
  });
  const form = element(
    'form',
    { class: 'login' },
    element('h2', {}, 'Who are you?'),
    element('p', { role: 'alert' }, told),
    element('label', { for: 'token' }, 'Bearer token of Kubernetes'),
    input,
    element('button', { type: 'submit' }, 'Show the fleet'),
    element(
      'p',
      { id: 'token-about', class: 'quiet' },
      'You see the namespaces where you may list our kinds. The token stays in this tab and goes to this console only. One for an hour: ',
      element('code', {}, 'kubectl create token NAME -n NAMESPACE'),
    ),
  );
  place.replaceChildren(form);
  input.focus();
  return new Promise((resolve) => {
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      token.set(input.value.trim());
      place.replaceChildren();
      resolve();
    });
  });
}
