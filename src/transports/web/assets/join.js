import { onSubmit, send } from './forms.js'

const { token, next } = document.querySelector('main').dataset

onSubmit(document.querySelector('#join-form'), async (fields) => {
  await send('/invitations/accept', { token, ...fields })
  location.assign(next)
})
