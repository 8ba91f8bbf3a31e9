import DealTab from '../deal/DealTab.vue'
import { mount } from '../mount'

void mount(DealTab)
