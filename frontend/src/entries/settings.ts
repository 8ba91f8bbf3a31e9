import Settings from '../settings/Settings.vue'
import { mount } from '../mount'

void mount(Settings)
