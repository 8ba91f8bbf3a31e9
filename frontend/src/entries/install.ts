import Install from '../install/Install.vue'
import { mount } from '../mount'

void mount(Install)
