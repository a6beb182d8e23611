import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HomeAssistant } from './home-assistant.ts';
import { HomeAssistantSocket } from './socket.ts';

/** A notification as the phone gets it. */
export interface Notification {
  readonly message: string;
  readonly title?: string;
  readonly data?: {
    readonly tag?: string;
    readonly group?: string;
    readonly actions?: readonly { readonly action: string; readonly title: string }[];
  };
}

/** Where notifications arrive, and from where their buttons are pressed. */
export interface Phone {
  /** The action that notifies it. */
  readonly notifyAction: string;
  /** In the order in which they arrived. */
  readonly notifications: Notification[];
  /** Presses a button: the app fires an event with the text that came with the notification. */
  press(action: string): Promise<void>;
  close(): void;
}

/** The newest notification with that tag. */
export function tagged({ notifications }: Phone, tag: string): Notification | undefined {
  return notifications.findLast(({ data }) => data?.tag === tag);
}

/**
 * The owner's phone: an app that Home Assistant knows, over its own channel, without a push service on the internet. Where
 * the integration of the app is not installed, as with older releases, notifications are read from the bus instead.
 */
export async function phoneOf(homeAssistant: HomeAssistant): Promise<Phone> {
  const components = (await homeAssistant.rest<{ components: string[] }>('GET', 'config')).components;
  return components.includes('mobile_app') ? registeredPhone(homeAssistant) : readOffTheBus(homeAssistant);
}

async function registeredPhone(homeAssistant: HomeAssistant): Promise<Phone> {
  const registration = {
    device_id: 'phone',
    app_id: 'io.home-assistant.lab',
    app_name: 'Lab',
    app_version: '1.0',
    device_name: 'Phone',
    manufacturer: 'Lab',
    model: 'Phone',
    os_name: 'Lab',
    os_version: '1.0',
    supports_encryption: false,
    app_data: { push_websocket_channel: true },
  };
  const { webhook_id } = await homeAssistant.rest<{ webhook_id: string }>(
    'POST',
    'mobile_app/registrations',
    registration,
  );
  const socket = await HomeAssistantSocket.open(homeAssistant.url, homeAssistant.token);
  const notifications: Notification[] = [];
  const channel = 'mobile_app/push_notification_channel';
  await socket.open<Notification>(channel, { webhook_id }, (each) => notifications.push(each));
  return {
    notifyAction: 'notify.mobile_app_phone',
    notifications,
    press: async (action) => {
      await fetch(`${homeAssistant.url}/api/webhook/${webhook_id}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          type: 'fire_event',
          data: { event_type: 'mobile_app_notification_action', event_data: { action } },
        }),
      });
    },
    close: () => socket.close(),
  };
}

async function readOffTheBus(homeAssistant: HomeAssistant): Promise<Phone> {
  // The app would have brought it along.
  const configuration = await readFile(join(homeAssistant.folder, 'configuration.yaml'), 'utf8');
  await homeAssistant.write('configuration.yaml', `${configuration}notify:\n`);
  await homeAssistant.restart();
  const socket = await HomeAssistantSocket.open(homeAssistant.url, homeAssistant.token);
  const notifications: Notification[] = [];
  await socket.subscribe('call_service', ({ data }) => {
    if (data.domain === 'notify') notifications.push(data.service_data as Notification);
  });
  return {
    notifyAction: 'notify.persistent_notification',
    notifications,
    press: (action) => homeAssistant.rest('POST', 'events/mobile_app_notification_action', { action }),
    close: () => socket.close(),
  };
}
