"""What pages say after something was done. The address names the sentence, so that nobody can put words in here."""

SAID = {
    "welcome": "Welcome. Make your first key below; no card is needed for the free requests.",
    "bye": "You are logged out.",
    "bye-all": "All other sessions have ended.",
    "bye-session": "That session has ended.",
    "key-changed": "The key is changed, which holds from the next request on.",
    "key-deleted": "The key is deleted for ever.",
    "cap": "The key's limit is saved.",
    "limits": "Your limits are saved and hold at once.",
    "alerts": "Your alert address is saved.",
    "password": "Your password is changed; all your other sessions have ended.",
    "reset-asked": "If there is an account with this address, a message with a link is on its way to it.",
    "confirm-asked": "A message with a link is on its way to you.",
    "confirmed": "Your e-mail address is confirmed.",
    "deleted": "Your account is deleted: its keys are dead and your personal data is removed.",
    "card": "Your card is saved.",
    "card-later": "Stripe cannot be reached for now. If you have added a card, it will be known here soon.",
    "paid": "All is paid. Your keys work again.",
    "not-paid": "The card did not pay. Below is why; try another card.",
    "card-none": "No card was added.",
    "card-removed": "Your card is removed.",
}
