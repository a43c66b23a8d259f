// Decides how addresses are given by hand, for networks that do not let devices announce themselves.
import { Plus, X } from 'lucide-react'
import { useState } from 'react'
import { call } from '../backend'
import { text } from '../text'
import { useAction } from '../ui/action'
import { Button, IconButton } from '../ui/button'
import { TextField } from '../ui/field'
import { tellError } from '../ui/toast'

export function Addresses({ addresses }: { addresses: readonly string[] }) {
  const [address, setAddress] = useState('')
  const { busy, problem, clear, run } = useAction()
  const add = async () => {
    if (address.trim() === '') return
    if (await run(() => call('network.addAddress', { address }))) setAddress('')
  }
  return (
    <section aria-label={text.network.addresses}>
      <h2 className="group-title">{text.network.addresses}</h2>
      <div className="panel addresses">
        <form
          className="address-form"
          onSubmit={(event) => {
            event.preventDefault()
            void add()
          }}
        >
          <TextField
            label={text.network.address}
            hint={text.network.addressesHint}
            problem={problem}
            placeholder={text.network.addressPlaceholder}
            value={address}
            onChange={(event) => {
              setAddress(event.target.value)
              clear()
            }}
          />
          <Button type="submit" disabled={busy || address.trim() === ''}>
            <Plus size={15} aria-hidden />
            {text.network.addAddress}
          </Button>
        </form>
        {addresses.length > 0 && (
          <ul className="address-list">
            {addresses.map((known) => (
              <li key={known}>
                <span className="mono">{known}</span>
                <IconButton
                  label={text.network.removeAddress(known)}
                  onClick={() => void call('network.removeAddress', { address: known }).catch(tellError)}
                >
                  <X size={15} aria-hidden />
                </IconButton>
              </li>
            ))}
          </ul>
        )}
      </div>
    </section>
  )
}
