/** Of the shortcut in the app's manifest. */
export const shortcutId = "opsthread_ask";
