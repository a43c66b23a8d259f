// Decides the settings: how the window looks, which ways to peers are open, and plainly where data and keys are.
import type { Settings as SettingsView } from '../../shared/types'
import { call } from '../backend'
import { useApp } from '../state'
import { text } from '../text'
import { Button, CopyButton } from '../ui/button'
import { Segments, SwitchLine } from '../ui/field'
import { Mark } from '../ui/mark'
import { PageHead } from '../ui/page-head'
import { useShell } from '../ui/shell-context'
import { tellError } from '../ui/toast'
import { Caps } from './caps'
import './settings.css'

const themes: { value: SettingsView['theme']; label: string }[] = [
  { value: 'system', label: text.settings.themeName.system },
  { value: 'light', label: text.settings.themeName.light },
  { value: 'dark', label: text.settings.themeName.dark },
]
const languages: { value: SettingsView['language']; label: string }[] = [
  { value: 'system', label: text.settings.languageName.system },
  { value: 'en', label: text.settings.languageName.en },
  { value: 'de', label: text.settings.languageName.de },
]
const densities: { value: SettingsView['density']; label: string }[] = [
  { value: 'comfortable', label: text.settings.densityName.comfortable },
  { value: 'compact', label: text.settings.densityName.compact },
]

export const changeSettings = (change: Partial<SettingsView>) => {
  call('settings.set', change).catch(tellError)
}

export function Settings({ openNavigation }: { openNavigation: () => void }) {
  const { settings, dataDir, keysKeptBy, version, me } = useApp()
  const shell = useShell()
  return (
    <>
      <PageHead title={text.settings.title} openNavigation={openNavigation} />
      <div className="page scrolls">
        <div className="page-column settings">
          <section aria-label={text.settings.look}>
            <h2 className="group-title">{text.settings.look}</h2>
            <div className="panel">
              <div className="line">
                <span className="line-text line-title">{text.settings.theme}</span>
                <Segments
                  label={text.settings.theme}
                  value={settings.theme}
                  options={themes}
                  onChange={(theme) => changeSettings({ theme })}
                />
              </div>
              <div className="line">
                <span className="line-text line-title">{text.settings.density}</span>
                <Segments
                  label={text.settings.density}
                  value={settings.density}
                  options={densities}
                  onChange={(density) => changeSettings({ density })}
                />
              </div>
              <div className="line">
                <div className="line-text">
                  <p className="line-title">{text.settings.language}</p>
                  <p className="line-hint">{text.settings.languageHint}</p>
                </div>
                <Segments
                  label={text.settings.language}
                  value={settings.language}
                  options={languages}
                  onChange={(language) => changeSettings({ language })}
                />
              </div>
            </div>
          </section>
          <section aria-label={text.settings.connections}>
            <h2 className="group-title">{text.settings.connections}</h2>
            <div className="panel">
              <SwitchLine
                label={text.settings.lan}
                hint={text.settings.lanHint}
                checked={settings.lan}
                onChange={(lan) => changeSettings({ lan })}
              />
              <SwitchLine
                label={text.settings.internet}
                hint={text.settings.internetHint}
                checked={settings.internet}
                onChange={(internet) => changeSettings({ internet })}
              />
            </div>
          </section>
          <Caps settings={settings} />
          <section aria-label={text.settings.storage}>
            <h2 className="group-title">{text.settings.storage}</h2>
            <div className="panel">
              <div className="line">
                <div className="line-text">
                  <p className="line-title">{text.settings.folder}</p>
                  <p className="mono settings-path">{dataDir}</p>
                  <p className="line-hint">{text.settings.folderHint}</p>
                </div>
                <CopyButton value={dataDir} label={text.settings.copyFolder} />
              </div>
            </div>
          </section>
          <section aria-label={text.settings.keys}>
            <h2 className="group-title">{text.settings.keys}</h2>
            <div className="panel">
              <div className="line">
                <div className="line-text">
                  <p className="line-title">{text.settings.keysHow}</p>
                  <p className="line-hint">
                    {keysKeptBy === null ? text.settings.keysNone : text.settings.keysBy[keysKeptBy]}
                  </p>
                </div>
              </div>
              {me && <Key label={text.settings.memberKey} value={me.member} />}
              {me && <Key label={text.settings.deviceKey} value={me.device} />}
            </div>
          </section>
          <section aria-label={text.settings.about}>
            <h2 className="group-title">{text.settings.about}</h2>
            <div className="panel">
              <div className="line">
                <Mark sizePx={36} />
                <div className="line-text">
                  <p className="line-title">{text.settings.version(version)}</p>
                  <p className="line-hint">{text.settings.aboutHint}</p>
                </div>
                <Button size="small" onClick={shell.shortcuts}>
                  {text.settings.shortcuts}
                </Button>
              </div>
            </div>
          </section>
        </div>
      </div>
    </>
  )
}

function Key({ label, value }: { label: string; value: string }) {
  return (
    <div className="line">
      <div className="line-text">
        <p className="line-title">{label}</p>
        <p className="hex">{value}</p>
      </div>
      <CopyButton value={value} label={text.action.copy} />
    </div>
  )
}
