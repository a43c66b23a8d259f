// Decides where the cursor stands when a form has just been asked for: in its first field. A ref, so that it is set
// once, when the field appears.
export const focusOnMount = (element: HTMLElement | null): void => element?.focus()
